import OneiroGraph

extension ElementTypeSet {
  /// Floats and integers of 32 and 64 bits: what matrix products, sums and their relatives are defined for.
  public static let products = floats.union(Self([.int32, .int64, .uint32, .uint64]))

  /// The float8 types of a sign, an exponent and a mantissa.
  public static let signedFloat8s = Self([.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz])
  public static let fourBit = Self([.uint4, .int4, .float4e2m1])
  public static let twoBit = Self([.uint2, .int2])
  /// What Cast converts between.
  public static let castable = numeric.union(float8s).union(fourBit).union(twoBit).union(bool).union(string)
}
