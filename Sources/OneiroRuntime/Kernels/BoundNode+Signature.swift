import COneiroKernel
import Glibc

extension BoundNode {
  /// What kernels see of a node but for its name and what is in its constants: operator, attributes, types and shapes,
  /// and which inputs are constant.
  var signature: String {
    let node = pointer.pointee
    var text = "\(String(cString: node.domain))/\(String(cString: node.op_type))"
    for index in 0..<node.attribute_count {
      let attribute = node.attributes[index]
      text += " \(String(cString: attribute.name))="
      if let ints = attribute.ints { text += (0..<attribute.count).map { "\(ints[$0])" }.joined(separator: ",") }
      if let floats = attribute.floats { text += (0..<attribute.count).map { "\(floats[$0])" }.joined(separator: ",") }
      let isList = attribute.kind == Int32(ONEIRO_ATTRIBUTE_STRINGS)
      if var string = attribute.string, !isList || attribute.count > 0 {
        text += String(cString: string)
        for _ in 1..<(isList ? attribute.count : 1) {
          string += strlen(string) + 1
          text += ",\(String(cString: string))"
        }
      }
    }
    for index in 0..<node.input_count {
      text += " \(node.inputs[index].data == nil ? "" : "constant ")\(Self.describe(node.inputs[index]))"
    }
    for index in 0..<node.output_count { text += " -> \(Self.describe(node.outputs[index]))" }
    return text
  }

  private static func describe(_ tensor: oneiro_tensor) -> String {
    "\(tensor.element_type)\((0..<Int(tensor.rank)).map { tensor.dims[$0] })"
  }
}
