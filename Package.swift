// swift-tools-version: 6.2
import PackageDescription

// Each Swift module imports only modules above it in this list; Docs/Architecture.md says what each one is for.
let package = Package(
  name: "oneiro",
  products: [
    .executable(name: "oneiro", targets: ["oneiro"]),
    .library(name: "OneiroVector", type: .dynamic, targets: ["VectorKernels"]),
    .library(name: "OneiroOpenBLAS", type: .dynamic, targets: ["OpenBLASKernels"]),
    .library(name: "OneiroOneDNN", type: .dynamic, targets: ["OneDNNKernels"]),
    .library(name: "OneiroExample", type: .dynamic, targets: ["ExampleKernels"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    // Libraries of the system.
    .systemLibrary(name: "CMalloc"),
    .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "COpenJPEG", pkgConfig: "libopenjp2", providers: [.apt(["libopenjp2-7-dev"])]),
    .systemLibrary(name: "COpenMP", path: "Plugins/OneDNN/COpenMP"),
    .systemLibrary(
      name: "CDNNL", path: "Plugins/OneDNN/CDNNL", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CCpuid", path: "Plugins/OpenBLAS/CCpuid"),

    // The runtime.
    .target(name: "COneiroKernel"),
    .target(name: "COnnx", dependencies: ["CProtobufC"], exclude: ["onnx.proto", "regenerate.sh"]),
    .target(
      name: "CPicture", dependencies: ["COpenJPEG"],
      linkerSettings: ["png", "jpeg", "tiff", "webp"].map { .linkedLibrary($0) }),
    .target(name: "OneiroGraph"),
    .target(
      name: "OneiroOps", dependencies: ["CPicture", "OneiroGraph"]),
    .target(name: "OneiroModel", dependencies: ["COnnx", "OneiroGraph", "OneiroOps"]),
    .target(name: "OneiroPicture", dependencies: ["CPicture", "OneiroGraph", "OneiroModel"]),
    .target(name: "OneiroEEG", dependencies: ["OneiroGraph", "OneiroModel", "OneiroPicture"]),
    .target(name: "OneiroPasses", dependencies: ["OneiroGraph", "OneiroOps"]),
    .target(
      name: "OneiroRuntime",
      dependencies: [
        "CMalloc", "COneiroKernel", "OneiroGraph", "OneiroOps", "OneiroModel", "OneiroPasses",
      ]),
    .target(
      name: "OneiroConformance", dependencies: ["OneiroGraph", "OneiroOps", "OneiroRuntime"]),
    .target(
      name: "OneiroQuantization",
      dependencies: ["OneiroGraph", "OneiroOps", "OneiroModel", "OneiroPasses", "OneiroRuntime"]),
    .target(
      name: "OneiroDream",
      dependencies: [
        "COneiroKernel", "OneiroEEG", "OneiroGraph", "OneiroOps", "OneiroModel", "OneiroPasses", "OneiroPicture",
        "OneiroRuntime",
      ]),
    .target(
      name: "OneiroEvaluation",
      dependencies: [
        "OneiroEEG", "OneiroGraph", "OneiroModel", "OneiroPasses", "OneiroPicture", "OneiroRuntime", "OneiroDream",
      ]),
    .executableTarget(
      name: "oneiro",
      dependencies: [
        "OneiroConformance", "OneiroDream", "OneiroEEG", "OneiroEvaluation", "OneiroGraph", "OneiroModel", "OneiroOps",
        "OneiroPasses", "OneiroPicture", "OneiroQuantization", "OneiroRuntime",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // Kernel plugins. SwiftPM keeps a folder named Plugins for its own build plugins, so each one says where it lives.
    // A kernel plugin imports the ABI header and its own library, never a Swift module of ours.
    .target(
      name: "VectorKernels", dependencies: ["COneiroKernel"], path: "Plugins/Vector", publicHeadersPath: "include"),
    .target(
      name: "OpenBLASKernels", dependencies: ["COneiroKernel", "CCpuid"], path: "Plugins/OpenBLAS",
      exclude: ["CCpuid", "README.md"]),
    .target(
      name: "OneDNNKernels", dependencies: ["COneiroKernel", "CDNNL", "COpenMP"], path: "Plugins/OneDNN",
      exclude: ["CDNNL", "COpenMP", "README.md"]),
    .target(name: "ExampleKernels", dependencies: ["COneiroKernel"], path: "Plugins/Example"),

    .target(name: "OneiroTestSupport", path: "Tests/Support"),
    .testTarget(name: "OneiroGraphTests", dependencies: ["OneiroGraph"]),
    .testTarget(name: "OneiroOpsTests", dependencies: ["OneiroGraph", "OneiroOps"]),
    .testTarget(
      name: "OneiroModelTests",
      dependencies: ["OneiroGraph", "OneiroOps", "OneiroModel", "OneiroTestSupport"]),
    .testTarget(
      name: "OneiroEEGTests",
      dependencies: ["OneiroEEG", "OneiroGraph", "OneiroModel", "OneiroPicture", "OneiroTestSupport"],
      exclude: ["Golden"]),
    .testTarget(
      name: "OneiroRuntimeTests",
      dependencies: [
        "OneiroConformance", "OneiroGraph", "OneiroOps", "OneiroModel", "OneiroPasses", "OneiroRuntime",
        "OneiroTestSupport",
      ]),
    .testTarget(
      name: "OneiroQuantizationTests",
      dependencies: [
        "OneiroGraph", "OneiroOps", "OneiroModel", "OneiroRuntime", "OneiroQuantization", "OneiroTestSupport",
      ]),
    .testTarget(
      name: "OneiroDreamTests",
      dependencies: [
        "OneiroEEG", "OneiroGraph", "OneiroModel", "OneiroPicture", "OneiroRuntime", "OneiroDream",
        "OneiroTestSupport",
      ],
      exclude: ["Golden"]),
    .testTarget(
      name: "OneiroEvaluationTests",
      dependencies: [
        "OneiroGraph", "OneiroModel", "OneiroPicture", "OneiroRuntime", "OneiroDream", "OneiroEvaluation",
      ],
      exclude: ["Golden"]),
    .testTarget(
      name: "OneiroCommandTests",
      dependencies: [
        "OneiroConformance", "OneiroGraph", "OneiroModel", "OneiroPicture", "OneiroDream", "OneiroTestSupport",
      ]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)
