import Glibc

/// base ^ exponent, as the C library computes it.
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
