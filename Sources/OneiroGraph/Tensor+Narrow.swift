/// float32 tensors whose elements are kept in a narrower type.
extension Tensor {
  /// A float32 tensor of elements that `storage` holds as float16 or bfloat16.
  /// - storage: exactly the bytes that `dims` of `type` take, aligned to an element.
  public init(widening storage: ByteStorage, from type: ElementType, dims: [Int]) {
    let count = Self.elementCount(dims)
    precondition(count != nil && type.byteCount(of: count!) == storage.byteCount, "storage does not fit the shape")
    self.init(NarrowStorage(storage, type: type), dims: dims)
  }

  /// The elements of this tensor of float16 or bfloat16 as a float32 tensor, in the memory they have.
  public func widening() -> Tensor {
    guard let stored, NarrowStorage.types.contains(elementType) else {
      preconditionFailure("\(elementType) is not widened")
    }
    return Tensor(widening: stored.storage, from: elementType, dims: dims)
  }

  /// The elements in the type and the memory in which they are kept, which costs nothing; `nil` for strings.
  public var stored: (type: ElementType, storage: ByteStorage)? {
    switch contents {
    case .bytes(let storage): (elementType, storage)
    case .narrow(let narrow): (narrow.type, narrow.stored)
    case .strings: nil
    }
  }

  /// Bytes that the elements take as they are kept; 0 for strings.
  public var storedByteCount: Int { stored?.storage.byteCount ?? 0 }

  /// Whether the elements are kept in a narrower type than the tensor has.
  public var isNarrow: Bool { if case .narrow = contents { true } else { false } }

  /// The tensor of the type in which the elements are kept: this one, or one of float16 or bfloat16.
  public var asStored: Tensor {
    guard case .narrow(let narrow) = contents else { return self }
    return Tensor(narrow.type, dims: dims, storage: narrow.stored)
  }

  /// The same tensor, but what is widened for this one goes away with it.
  public var withOwnWidening: Tensor {
    guard case .narrow(let narrow) = contents else { return self }
    return Tensor(NarrowStorage(narrow.stored, type: narrow.type), dims: dims)
  }
}
