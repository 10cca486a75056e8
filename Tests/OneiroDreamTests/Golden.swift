import Foundation
import OneiroGraph

/// TEMPORARY local check
enum Golden {
  static func load(_ name: String) throws -> [String: Tensor] {
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).safetensors")
    let data = [UInt8](try Data(contentsOf: url))
    let n = data.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
    let header = try JSONSerialization.jsonObject(with: Data(data[8..<8 + n])) as! [String: Any]
    var result: [String: Tensor] = [:]
    for (key, value) in header where key != "__metadata__" {
      let v = value as! [String: Any]
      let dims = (v["shape"] as! [Int]), o = v["data_offsets"] as! [Int]
      let types: [String: ElementType] = ["F32": .float32, "F64": .float64, "I64": .int64, "U8": .uint8]
      let storage = data[8 + n + o[0]..<8 + n + o[1]].withUnsafeBytes { s in ByteStorage(byteCount: s.count) { $0.copyMemory(from: s) } }
      result[key] = Tensor(types[v["dtype"] as! String]!, dims: dims, storage: storage)
    }
    return result
  }
}
