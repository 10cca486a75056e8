import Glibc
import OneiroGraph

/// The pages of a mapped file, and which of them are in the process's memory.
///
/// To read a page that is not there brings in those around it as well, as far as they are in the system's cache, where those
/// of a file are that was read not long ago.
public struct MappedPages: Sendable {
  public static let pageByteCount = UInt(sysconf(Int32(_SC_PAGESIZE)))
  /// What Linux brings in together, at multiples of as much (`fault_around_bytes`, where nobody has changed it).
  public static let windowByteCount: UInt = 65_536

  /// The mapping's, from the beginning of a page to the end of one.
  public let addresses: Range<UInt>
  /// One for each page.
  private var isResident: [Bool]

  /// - isResident: one for each page of `addresses`.
  public init(_ addresses: Range<UInt>, isResident: [Bool]) {
    precondition(addresses.lowerBound % Self.pageByteCount == 0 && addresses.upperBound % Self.pageByteCount == 0)
    precondition(UInt(isResident.count) == UInt(addresses.count) / Self.pageByteCount)
    self.addresses = addresses
    self.isResident = isResident
  }

  /// The most that is in memory once constants in files have been read, with what comes around them.
  static func byteCount(toRead constants: [ByteStorage]) -> Int {
    neighbourhoods(constants).ranges.reduce(0) { $0 + $1.count }
  }

  /// What is not in memory of what may come around constants in files when they are read.
  static func byteCount(toComeAround constants: [ByteStorage]) -> Int {
    var around = neighbourhoods(constants)
    for constant in constants where constant.isMappedFile {
      let start = UInt(bitPattern: constant.address)
      let end = (start + UInt(constant.byteCount) + pageByteCount - 1) / pageByteCount * pageByteCount
      around.remove(contentsOf: start / pageByteCount * pageByteCount..<end)
    }
    return around.ranges.reduce(0) { sum, range in
      sum + range.count - (ProcessMemory.pages(of: range)?.residentByteCount ?? 0)
    }
  }

  private static func neighbourhoods(_ constants: [ByteStorage]) -> RangeSet<UInt> {
    var addresses = RangeSet<UInt>()
    for constant in constants { if let around = constant.neighbourhood { addresses.insert(contentsOf: around) } }
    return addresses
  }

  /// What is in memory.
  public var residentByteCount: Int { isResident.count { $0 } * Int(Self.pageByteCount) }

  /// Somebody reads all bytes of a part of the mapping.
  public mutating func read(_ bytes: Range<UInt>) {
    var address = bytes.lowerBound / Self.pageByteCount * Self.pageByteCount
    while address < bytes.upperBound {
      if !isResident[page(of: address)] {
        let window = address / Self.windowByteCount * Self.windowByteCount
        let together = (window..<window + max(Self.windowByteCount, Self.pageByteCount)).clamped(to: addresses)
        for page in page(of: together.lowerBound)..<page(of: together.upperBound) { isResident[page] = true }
      }
      address += Self.pageByteCount
    }
  }

  private func page(of address: UInt) -> Int { Int((address - addresses.lowerBound) / Self.pageByteCount) }
}
