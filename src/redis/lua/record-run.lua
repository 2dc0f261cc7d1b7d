-- Counts the usage of an ended run according to its record. Recording a run again, or one that is already counted, changes nothing.
--
-- Arguments: usd, tokens, ttlSeconds {run, session, account}; account is absent for a run outside the account's current period.
-- @include shared/ledger

local ttl = args.ttlSeconds
local scopes = { run, session, ttl.account and account or nil }

record_run(scopes, { usd = args.usd, tokens = args.tokens, calls = 0 })
for i, seconds in ipairs({ ttl.run, ttl.session, ttl.account }) do
  if redis.call('TTL', scopes[i]) < seconds then
    redis.call('EXPIRE', scopes[i], seconds)
  end
end
return 1
