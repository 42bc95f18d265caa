-- wrk's load: the lines of a file as bodies, in turn. Arguments after --: FILE [HEADER VALUE] ...
local requests, at = {}, 0

function init(arguments)
  local headers = {["Content-Type"] = "application/json"}
  for i = 2, #arguments, 2 do headers[arguments[i]] = arguments[i + 1] end
  for line in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("POST", nil, headers, line)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests": %d, "seconds": %.6f, "p50_us": %d, "p99_us": %d, "failed": %d}', summary.requests,
    summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
