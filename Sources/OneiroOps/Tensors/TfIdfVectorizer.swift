import OneiroGraph

/// TfIdfVectorizer, ai.onnx opset 9: https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html
///
/// How often each n-gram of a pool stands in each row of X (mode TF), the weights of those that do (IDF), or the
/// product (TFIDF). The items of an n-gram may lie up to `max_skip_count` items apart, the same distance each time.
public enum TfIdfVectorizer: Operator {
  public static let schema = OpSchema(
    "TfIdfVectorizer", since: 9, inputs: [.one("X", "T")], outputs: [.one("Y", "T1")],
    attributes: [
      .required("mode", .string), .required("min_gram_length", .int), .required("max_gram_length", .int),
      .required("max_skip_count", .int), .required("ngram_counts", .ints), .required("ngram_indexes", .ints),
      .ints("pool_int64s"), .optional("pool_strings", .strings), .floats("weights"),
    ],
    types: ["T": ElementTypeSet([.string, .int32, .int64]), "T1": ElementTypeSet([.float32])])

  public static func infer(_ node: InferenceContext) throws(GraphError) -> [ValueType] {
    let x = try node.tensor(0), pool = try node.checking(nil, try Pool(node.attributes))
    guard let shape = x.shape else { return [.tensor(.float32, nil)] }
    guard shape.count == 1 || shape.count == 2 else {
      throw node.fails(0, expected: "shape [C] or [N,C]", found: x.shapeText)
    }
    return [.tensor(.float32, shape.dropLast() + [.known(pool.width)])]
  }

  public static func reference(_ call: KernelCall) throws(KernelError) -> [Tensor] {
    let x = try call.tensor(0), pool = try Pool(call.attributes)
    guard x.rank == 1 || x.rank == 2 else {
      throw call.fails("expected shape [C] or [N,C], found \(Shape.text(x.dims))")
    }
    guard (x.elementType == .string) == pool.holdsStrings else {
      throw call.fails("a pool of \(pool.holdsStrings ? "strings" : "integers") does not go with \(x.elementType.name)")
    }
    let columns = x.dims[x.rank - 1], rows = x.rank == 1 ? 1 : x.dims[0], dims = x.dims.dropLast() + [pool.width]
    let items = x.elementType == .string ? x.strings.map(pool.item) : x.int64s().map(pool.item)
    var result = [Double](repeating: 0, count: try call.elementCount(Array(dims), of: .float32))
    for row in 0..<rows where columns > 0 {
      pool.forEachGram(in: items[row * columns..<(row + 1) * columns]) { gram in
        let place = row * pool.width + pool.columns[gram]
        switch pool.mode {
        case .termFrequency: result[place] += 1
        case .inverseDocumentFrequency: result[place] = pool.weights[gram]
        case .product: result[place] += pool.weights[gram]
        }
      }
    }
    return [Tensor(.float32, doubles: result, dims: Array(dims))]
  }

  private enum Mode: String {
    case termFrequency = "TF", inverseDocumentFrequency = "IDF", product = "TFIDF"
  }

  /// The n-grams as a tree: each edge is an item, and a node at which an n-gram ends knows its number.
  private struct Pool {
    let mode: Mode
    let lengths: ClosedRange<Int>
    let skipCount: Int
    let width: Int
    let holdsStrings: Bool
    /// By n-gram: its column in the output, and its weight.
    let columns: [Int]
    let weights: [Double]
    private var numbersOfStrings: [String: Int] = [:]
    private var numbersOfIntegers: [Int64: Int] = [:]
    private var edges: [Edge: Int] = [:]
    private var grams: [Int?] = [nil]

    private struct Edge: Hashable {
      let node: Int
      let item: Int
    }

    init(_ attributes: NodeAttributes) throws(KernelError) {
      guard let mode = Mode(rawValue: attributes.string("mode")) else {
        throw KernelError("mode: expected TF, IDF or TFIDF, found \"\(attributes.string("mode"))\"")
      }
      let shortest = attributes.int("min_gram_length"), longest = attributes.int("max_gram_length")
      guard shortest >= 1, longest >= shortest, attributes.int("max_skip_count") >= 0 else {
        throw KernelError(
          "expected 1 <= min_gram_length <= max_gram_length and max_skip_count >= 0, found \(shortest), \(longest)")
      }
      (self.mode, lengths, skipCount) = (mode, shortest...longest, attributes.int("max_skip_count"))
      columns = attributes.ints("ngram_indexes") ?? []
      weights = attributes.floats("weights") ?? [Double](repeating: 1, count: columns.count)
      guard weights.count == columns.count, let last = columns.max(), columns.allSatisfy({ $0 >= 0 }),
        last < Int(Int32.max)
      else {
        throw KernelError(
          "ngram_indexes: expected numbers from 0 up, one for each of \(weights.count) weights, found \(columns.count)")
      }
      width = last + 1
      var items: [Int] = []
      if let strings = attributes.strings("pool_strings") {
        holdsStrings = true
        for string in strings {
          let number = numbersOfStrings.count
          items.append(numbersOfStrings[string] ?? number)
          numbersOfStrings[string] = items[items.count - 1]
        }
      } else {
        holdsStrings = false
        for integer in attributes.ints("pool_int64s") ?? [] {
          let number = numbersOfIntegers.count
          items.append(numbersOfIntegers[Int64(integer)] ?? number)
          numbersOfIntegers[Int64(integer)] = items[items.count - 1]
        }
      }
      // `ngram_counts[n - 1]` is where the n-grams of length n begin in the pool.
      let starts = attributes.ints("ngram_counts") ?? []
      guard (starts + [items.count]).elementsEqual((starts + [items.count]).sorted()), starts.first ?? 0 >= 0 else {
        throw KernelError(
          "ngram_counts: expected rising numbers up to the pool's \(items.count) items, found \(starts)")
      }
      var gram = 0
      for (index, start) in starts.enumerated() {
        let end = index + 1 < starts.count ? starts[index + 1] : items.count, length = index + 1
        guard (end - start) % length == 0 else {
          throw KernelError("ngram_counts: \(end - start) items are no whole number of \(length)-grams")
        }
        for first in stride(from: start, to: end, by: length) {
          guard gram < columns.count else {
            throw KernelError("ngram_indexes: the pool has more n-grams than the \(columns.count)")
          }
          insert(items[first..<first + length], gram)
          gram += 1
        }
      }
    }

    private mutating func insert(_ items: ArraySlice<Int>, _ gram: Int) {
      var node = 0
      for item in items {
        let edge = Edge(node: node, item: item)
        if let next = edges[edge] {
          node = next
        } else {
          grams.append(nil)
          node = grams.count - 1
          edges[edge] = node
        }
      }
      grams[node] = gram
    }

    /// The number of an item of X; -1 for one that is not in the pool.
    func item(_ string: String) -> Int { numbersOfStrings[string] ?? -1 }
    func item(_ integer: Int64) -> Int { numbersOfIntegers[integer] ?? -1 }

    func forEachGram(in items: ArraySlice<Int>, _ found: (_ gram: Int) -> Void) {
      // Distances that reach past the row find nothing.
      for distance in 1...min(skipCount, items.count) + 1 {
        for start in items.indices {
          var node = 0, length = 0
          for place in stride(from: start, to: items.endIndex, by: distance) {
            guard length < lengths.upperBound, let next = edges[Edge(node: node, item: items[place])] else { break }
            (node, length) = (next, length + 1)
            // Single items have no distance: they count once.
            if let gram = grams[node], length >= lengths.lowerBound, length > 1 || distance == 1 { found(gram) }
          }
        }
      }
    }
  }
}
