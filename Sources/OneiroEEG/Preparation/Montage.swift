/// The electrodes that a model was trained with, in the order of its input.
public struct Montage: Sendable, Equatable {
  /// As the model's makers call them; empty where nobody wrote them down.
  public let names: [String]
  /// On the unit sphere: x to the right, y to the nose, z up. `nil` for one whose place is not known.
  public let positions: [SIMD3<Double>?]
  public var count: Int { positions.count }
  /// Of each electrode, by its key.
  private let places: [String: Int]

  /// Without names, channels can be taken in their order only.
  public init(count: Int) {
    names = []
    positions = Array(repeating: nil, count: count)
    places = [:]
  }

  /// - positions: of each; `nil` looks names up in the 10-05 system.
  public init(names: [String], positions: [SIMD3<Double>]? = nil) {
    precondition(positions.map { $0.count == names.count } ?? true)
    self.names = names
    self.positions = positions?.map(\.normalized) ?? names.map(ElectrodePositions.position)
    places = Dictionary(
      names.enumerated().map { (Self.key($0.element), $0.offset) }, uniquingKeysWith: { first, _ in first })
  }

  /// The electrode that a label names, whatever it is spelled like.
  func index(of label: String) -> Int? { places[Self.key(label)] }

  /// Where an electrode of that label is: that of the model's where it has one, otherwise that of the 10-05 system.
  func position(of label: String) -> SIMD3<Double>? {
    index(of: label).flatMap { positions[$0] } ?? ElectrodePositions.position(of: label)
  }

  /// The same for every spelling of an electrode: "T3" and "EEG T7-REF".
  static func key(_ label: String) -> String {
    ElectrodeName.standard(label) ?? ElectrodeName.bare(label) ?? label
  }
}
