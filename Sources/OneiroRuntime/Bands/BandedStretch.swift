/// The steps that make one image of others, or of itself what is wanted of it.
struct BandedStretch {
  /// The image that it ends in.
  let end: String
  /// Places of the steps, in order.
  var steps: [Int] = []
  /// Images that bands are read of: how many rows above and below a band, in rows of that image.
  var read: [String: Int] = [:]
  /// Images that the steps make, the end among them: rows that are needed of each above and below.
  var made: [String: Int] = [:]
  /// What every band is given whole, but for constants.
  var whole: Set<String> = []

  var images: [String: Int] { read.merging(made, uniquingKeysWith: max) }
}
