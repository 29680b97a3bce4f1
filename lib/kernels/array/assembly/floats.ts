// Floor division, remainder and conversion of floats, as NumPy does them on x86-64.

/** The sign is the divisor's. */
export function remainder<T>(a: T, b: T): T {
  const rest = <T>(a % b);
  if (b == 0) return rest;
  if (rest == 0) return <T>(b < 0 ? -0.0 : 0.0);
  return rest < 0 != b < 0 ? <T>(rest + b) : rest;
}

export function floorDivide<T>(a: T, b: T): T {
  if (b == 0) return <T>(a / b);
  const rest = <T>(a % b);
  let quotient = <T>((a - rest) / b);
  if (rest != 0 && rest < 0 != b < 0) quotient = <T>(quotient - 1);
  if (quotient == 0) {
    const sign = <T>(a / b);
    return <T>(sign < 0 || (sign == 0 && <T>1 / sign < 0) ? -0.0 : 0.0);
  }
  const whole = <T>NativeMath.floor(<f64>quotient);
  return <T>(quotient - whole) > <T>0.5 ? <T>(whole + 1) : whole;
}

/** What the processor's conversion gives: the least number for what does not fit, NaN too. */
// @ts-ignore: decorator
@inline function toLong(x: f64): i64 {
  return x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? <i64>x : i64.MIN_VALUE;
}
// @ts-ignore: decorator
@inline function toInt(x: f64): i32 {
  return x > -2147483649.0 && x < 2147483648.0 ? <i32>x : i32.MIN_VALUE;
}

// @ts-ignore: decorator
@inline export function cast<T, U>(x: T): U {
  if (isBoolean<U>()) return <U>(x != 0);
  else if (isFloat<T>() && !isFloat<U>()) {
    const wide = <f64>x;
    if (sizeof<U>() == 8) {
      if (isSigned<U>()) return <U>toLong(wide);
      else return <U>(wide >= 9223372036854775808.0 ? toLong(wide - 9223372036854775808.0) ^ i64.MIN_VALUE : toLong(wide));
    } else if (sizeof<U>() == 4 && !isSigned<U>()) return <U>toLong(wide);
    else return <U>toInt(wide);
  } else return <U>x;
}
