-- Arguments: session.
-- @include shared/account-usage

remove_member(session_expiry, session_bytes, args.session)
return 1
