// Random numbers by index: element i is a function of the seed and of i alone, so any stretch can be had without the ones before it. The i-th 64 bits are
// SplitMix64's (Steele, Lea and Flood 2014), which goes from state to state by adding a constant.
import { GOLDEN, highProduct, mix } from "./random";

/** Each use of a seed has a key of its own. */
const UNIFORM: u64 = 1;
const BELOW: u64 = 2;
const SHUFFLE: u64 = 3;
const FEISTEL: u64 = 4;

// @ts-ignore: decorator
@inline function keyOf(seedLow: u32, seedHigh: u32, use: u64): u64 {
  return mix(mix(((<u64>seedHigh << 32) | <u64>seedLow) + GOLDEN) ^ (use * 0xa0761d6478bd642f));
}
// @ts-ignore: decorator
@inline function bitsAt(key: u64, i: u64): u64 {
  return mix(key + (i + 1) * GOLDEN);
}

/** [0, 1), 53 bits. */
export function uniformat(seedLow: u32, seedHigh: u32, from: f64, out: usize, n: usize): void {
  const key = keyOf(seedLow, seedHigh, UNIFORM);
  let i = <u64>from;
  for (const end = out + (n << 3); out < end; out += 8, i++)
    store<f64>(out, <f64><i64>(bitsAt(key, i) >> 11) * (1.0 / 9007199254740992.0));
}

/** One of `range` whole numbers from 0 on, unbiased (Lemire 2019): what has to be drawn anew is drawn from itself. */
// @ts-ignore: decorator
@inline function below(bits: u64, range: u64): u64 {
  if (bits * range < range) {
    const few = (<u64>0 - range) % range;
    while (bits * range < few) bits = mix(bits + GOLDEN);
  }
  return highProduct(bits, range);
}

export function belowat(seedLow: u32, seedHigh: u32, range: f64, from: f64, out: usize, n: usize): void {
  const key = keyOf(seedLow, seedHigh, BELOW);
  let i = <u64>from;
  for (const end = out + (n << 3); out < end; out += 8, i++) store<u64>(out, below(bitsAt(key, i), <u64>range));
}

/** 0 … n − 1 in a random order, all of them: Fisher and Yates. */
export function shuffle(seedLow: u32, seedHigh: u32, out: usize, n: usize): void {
  const key = keyOf(seedLow, seedHigh, SHUFFLE);
  for (let i: usize = 0; i < n; i++) {
    const j = <usize>below(bitsAt(key, i), i + 1);
    store<u64>(out + (i << 3), load<u64>(out + (j << 3)));
    store<u64>(out + (j << 3), i);
  }
}

const ROUNDS = 8;
const keys = memory.data(8 * ROUNDS, 16);

/**
 * A stretch of a permutation of 0 … count − 1: a Feistel network over the least power of two that holds them, gone through again where it leads beyond them (Black
 * and Rogaway, Ciphers with arbitrary finite domains, 2002).
 */
export function permutedat(seedLow: u32, seedHigh: u32, count: f64, from: f64, out: usize, n: usize): void {
  const key = keyOf(seedLow, seedHigh, FEISTEL);
  for (let round = 0; round < ROUNDS; round++) store<u64>(keys + (round << 3), bitsAt(key, round));
  const least = <u64>count;
  const width = 64 - clz(least - 1);
  const low = width >> 1;
  const lowMask = ((<u64>1) << low) - 1;
  const highMask = ((<u64>1) << (width - low)) - 1;
  let i = <u64>from;
  for (const end = out + (n << 3); out < end; out += 8, i++) {
    let x = i;
    do {
      let right = x & lowMask;
      let left = x >> low;
      for (let at: usize = 0; at < 8 * ROUNDS; at += 16) {
        left ^= mix(right + load<u64>(keys + at)) & highMask;
        right ^= mix(left + load<u64>(keys + at, 8)) & lowMask;
      }
      x = (left << low) | right;
    } while (x >= least);
    store<u64>(out, x);
  }
}
