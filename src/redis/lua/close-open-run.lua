-- Arguments: run.
-- @include shared/account-usage

remove_member(open_runs, open_bytes, args.run)
return 1
