-- For wrk: sends the prepared requests of a file in turn, and prints what came of it as one line of JSON.
-- The file holds, for each request, its length in bytes on a line of its own and then its bytes.

local prepared = {}
local position = 0

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  for line in file:lines() do
    prepared[#prepared + 1] = file:read(tonumber(line))
  end
  file:close()
end

function request()
  position = position % #prepared + 1
  return prepared[position]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "refused": %d, "failed": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
