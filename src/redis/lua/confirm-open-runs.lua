-- Records that runs are still open. A run that was closed in the meantime stays closed.
--
-- Arguments: runs.
-- @include shared/account-usage

for _, run in ipairs(args.runs) do
  redis.call('ZADD', open_runs, 'XX', read_clock(), run)
end
return 1
