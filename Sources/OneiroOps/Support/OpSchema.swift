import OneiroGraph

/// What an operator takes and gives: the part of its definition that can be checked without running it.
public struct OpSchema: Sendable {
  public let op: OpIdentifier
  /// The version of the domain in which the operator got the meaning described here.
  public let since: Int
  public let inputs: [Parameter]
  public let outputs: [Parameter]
  public let attributes: [AttributeSchema]
  /// The element types that each type variable of the parameters may stand for.
  public let types: [String: ElementTypeSet]

  public init(
    _ opType: String, domain: String = "", since: Int, inputs: [Parameter], outputs: [Parameter],
    attributes: [AttributeSchema] = [], types: [String: ElementTypeSet] = [:]
  ) {
    op = OpIdentifier(opType, domain: domain)
    self.since = since
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
    self.types = types
  }

  /// One formal input or output. Parameters with the same type variable have the same element type; a variable that the
  /// schema does not list takes any value, sequences and optionals included.
  public struct Parameter: Sendable {
    public enum Presence: Sendable, Equatable { case required, optional, variadic(atLeast: Int, sameType: Bool) }
    public let name: String
    public let typeVariable: String
    public let presence: Presence

    public static func one(_ name: String, _ type: String) -> Self {
      Self(name: name, typeVariable: type, presence: .required)
    }
    public static func optional(_ name: String, _ type: String) -> Self {
      Self(name: name, typeVariable: type, presence: .optional)
    }
    /// Any number of values from `atLeast` up; always the last parameter.
    public static func variadic(_ name: String, _ type: String, atLeast: Int = 1, sameType: Bool = true) -> Self {
      Self(name: name, typeVariable: type, presence: .variadic(atLeast: atLeast, sameType: sameType))
    }
  }

  public struct AttributeSchema: Sendable {
    public let name: String
    public let kind: Attribute.Kind
    public let isRequired: Bool
    public let defaultValue: Attribute?

    public static func int(_ name: String, default value: Int64? = nil) -> Self {
      Self(name: name, kind: .int, isRequired: false, defaultValue: value.map(Attribute.int))
    }
    public static func float(_ name: String, default value: Float? = nil) -> Self {
      Self(name: name, kind: .float, isRequired: false, defaultValue: value.map(Attribute.float))
    }
    public static func string(_ name: String, default value: String? = nil) -> Self {
      Self(name: name, kind: .string, isRequired: false, defaultValue: value.map { .string($0) })
    }
    public static func ints(_ name: String, default value: [Int64]? = nil) -> Self {
      Self(name: name, kind: .ints, isRequired: false, defaultValue: value.map(Attribute.ints))
    }
    public static func floats(_ name: String, default value: [Float]? = nil) -> Self {
      Self(name: name, kind: .floats, isRequired: false, defaultValue: value.map(Attribute.floats))
    }
    /// An optional attribute of any other kind.
    public static func optional(_ name: String, _ kind: Attribute.Kind) -> Self {
      Self(name: name, kind: kind, isRequired: false, defaultValue: nil)
    }
    public static func required(_ name: String, _ kind: Attribute.Kind) -> Self {
      Self(name: name, kind: kind, isRequired: true, defaultValue: nil)
    }
  }

  /// The formal parameter that actual input `index` belongs to.
  public func input(at index: Int) -> Parameter? { Self.parameter(at: index, in: inputs) }
  public func output(at index: Int) -> Parameter? { Self.parameter(at: index, in: outputs) }

  private static func parameter(at index: Int, in parameters: [Parameter]) -> Parameter? {
    if index < parameters.count { return parameters[index] }
    if let last = parameters.last, case .variadic = last.presence { return last }
    return nil
  }
}
