import OneiroGraph

/// Where the samples of one channel lie among a file's bytes: so many in each record, records at equal distances. It
/// describes EDF's records, samples of all channels in turn (a record of one sample), and whole rows (one record).
struct SampleLayout: Sendable {
  let type: SampleType
  let isBigEndian: Bool
  /// Byte offset of the first sample.
  let start: Int
  let samplesPerRecord: Int
  let recordCount: Int
  /// Bytes from a record to the next, and from a sample to the next in a record.
  let recordStride: Int, sampleStride: Int

  var sampleCount: Int { samplesPerRecord * recordCount }

  /// - byteCount: of the file; `nil` is returned for a layout that does not lie in it.
  init?(
    _ type: SampleType, isBigEndian: Bool = false, start: Int, samplesPerRecord: Int, recordCount: Int = 1,
    recordStride: Int = 0, sampleStride: Int? = nil, byteCount: Int
  ) {
    let sampleStride = sampleStride ?? type.byteCount
    guard start >= 0, samplesPerRecord >= 0, recordCount >= 0, recordStride >= 0, sampleStride >= 0,
      !samplesPerRecord.multipliedReportingOverflow(by: recordCount).overflow
    else { return nil }
    if samplesPerRecord > 0 && recordCount > 0 {
      let (records, overflow) = recordStride.multipliedReportingOverflow(by: recordCount - 1)
      let (samples, overflow2) = sampleStride.multipliedReportingOverflow(by: samplesPerRecord - 1)
      let (inner, overflow3) = samples.addingReportingOverflow(type.byteCount)
      let (length, overflow4) = records.addingReportingOverflow(inner)
      guard !overflow, !overflow2, !overflow3, !overflow4, start <= byteCount, length <= byteCount - start else {
        return nil
      }
      // 24 bits are read together with the byte before them, or after them.
      if type == .int24 || type == .uint24, isBigEndian ? length >= byteCount - start : start < 1 { return nil }
    }
    self.type = type
    self.isBigEndian = isBigEndian
    self.start = start
    self.samplesPerRecord = samplesPerRecord
    self.recordCount = recordCount
    self.recordStride = recordStride
    self.sampleStride = sampleStride
  }

  /// The samples in physical units.
  /// - range: lies in 0..<sampleCount.
  /// - bytes: of the file with at least the `byteCount` that the layout was made for.
  func read(
    _ range: Range<Int>, of bytes: UnsafeRawBufferPointer, _ scaling: Scaling, into target: UnsafeMutablePointer<Double>
  ) {
    guard !range.isEmpty, let base = bytes.baseAddress else { return }
    var target = target
    var (record, sample) = range.lowerBound.quotientAndRemainder(dividingBy: samplesPerRecord)
    var left = range.count
    while left > 0 {
      let count = min(left, samplesPerRecord - sample)
      let first = base + start + record * recordStride + sample * sampleStride
      convert(first, count, scaling, target)
      target += count
      left -= count
      sample = 0
      record += 1
    }
  }

  private func convert(
    _ source: UnsafeRawPointer, _ count: Int, _ scaling: Scaling, _ target: UnsafeMutablePointer<Double>
  ) {
    let swap = isBigEndian
    switch type {
    case .int8: run(source, count, scaling, target) { Double($0.load(as: Int8.self)) }
    case .uint8: run(source, count, scaling, target) { Double($0.load(as: UInt8.self)) }
    case .int16 where swap:
      run(source, count, scaling, target) { Double($0.loadUnaligned(as: Int16.self).byteSwapped) }
    case .int16: run(source, count, scaling, target) { Double($0.loadUnaligned(as: Int16.self)) }
    case .uint16:
      run(source, count, scaling, target) { Double(Self.ordered($0.loadUnaligned(as: UInt16.self), swap)) }
    // Three bytes as the upper ones of four: shifting down by eight brings the sign with it.
    case .int24 where swap:
      run(source, count, scaling, target) { Double($0.loadUnaligned(as: Int32.self).byteSwapped >> 8) }
    case .int24: run(source - 1, count, scaling, target) { Double($0.loadUnaligned(as: Int32.self) >> 8) }
    case .uint24 where swap:
      run(source, count, scaling, target) { Double($0.loadUnaligned(as: UInt32.self).byteSwapped >> 8) }
    case .uint24: run(source - 1, count, scaling, target) { Double($0.loadUnaligned(as: UInt32.self) >> 8) }
    case .int32: run(source, count, scaling, target) { Double(Self.ordered($0.loadUnaligned(as: Int32.self), swap)) }
    case .uint32:
      run(source, count, scaling, target) { Double(Self.ordered($0.loadUnaligned(as: UInt32.self), swap)) }
    case .int64: run(source, count, scaling, target) { Double(Self.ordered($0.loadUnaligned(as: Int64.self), swap)) }
    case .uint64:
      run(source, count, scaling, target) { Double(Self.ordered($0.loadUnaligned(as: UInt64.self), swap)) }
    case .float16:
      run(source, count, scaling, target) {
        Double(
          Float(bitPattern: HalfWidening.float32Bits(float16: Self.ordered($0.loadUnaligned(as: UInt16.self), swap))))
      }
    case .bfloat16:
      run(source, count, scaling, target) {
        Double(Float(bitPattern: UInt32(Self.ordered($0.loadUnaligned(as: UInt16.self), swap)) << 16))
      }
    case .float32:
      run(source, count, scaling, target) {
        Double(Float(bitPattern: Self.ordered($0.loadUnaligned(as: UInt32.self), swap)))
      }
    case .float64:
      run(source, count, scaling, target) {
        Double(bitPattern: Self.ordered($0.loadUnaligned(as: UInt64.self), swap))
      }
    }
  }

  @inline(__always) private static func ordered<T: FixedWidthInteger>(_ value: T, _ swap: Bool) -> T {
    swap ? value.byteSwapped : value
  }

  @inline(__always) private func run(
    _ source: UnsafeRawPointer, _ count: Int, _ scaling: Scaling, _ target: UnsafeMutablePointer<Double>,
    _ load: (UnsafeRawPointer) -> Double
  ) {
    let stride = sampleStride
    for index in 0..<count { target[index] = scaling.physical(load(source + index &* stride)) }
  }
}
