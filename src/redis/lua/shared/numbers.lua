local function is_finite(value)
  return value ~= nil and value - value == 0
end

-- Returns 0 for a value that is not a finite number: every comparison with it would be false, and no limit would apply.
local function to_number(value)
  local number = tonumber(value or 0)
  return is_finite(number) and number or 0
end

-- 17 digits reproduce the same double. cjson writes 14, so an amount that must be exact is stored and returned as a string.
local function format_number(value)
  return string.format('%.17g', value)
end
