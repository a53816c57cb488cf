-- What wrk sends, and its result as one line of JSON. Called as: wrk … -s load.lua URL -- [post]

function init(arguments)
  if arguments[1] == "post" then
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = '{"author":"Ada Lovelace","text":"It can follow analysis, but it has no power of anticipating any relations or truths."}'
  end
end

function done(summary, latency)
  local e = summary.errors
  print(string.format(
    'result {"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"errors":%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
