import Foundation
import OneiroGraph
import OneiroModel
import OneiroOps
import OneiroPicture

/// Pictures that were shown in trials, as files in a folder.
public struct ShownPictures: Sendable, Equatable {
  /// Of each trial.
  public let files: [String]

  /// - names: of each trial, what its picture may be called, with an ending or without; "n02951358_31190" is also
  ///   looked for in a folder "n02951358", as ImageNet has it.
  /// - source: what errors call the recording.
  init(named names: [[String]], numbers: [Int], in folder: String, source: String) throws(DreamError) {
    var files: [String] = []
    for (names, number) in zip(names, numbers) {
      guard let file = names.lazy.compactMap({ Self.file($0, in: folder) }).first else {
        let wanted = names.isEmpty ? "a name of what was shown" : "a picture \(names.joined(separator: " or "))"
        throw .mismatch(at: "\(source): trial \(number)", expected: "\(wanted) in \(folder)", found: "none")
      }
      files.append(file)
    }
    self.files = files
  }

  private static let endings = ["", ".png", ".jpg", ".jpeg", ".JPEG", ".JPG", ".PNG", ".webp", ".tif", ".bmp"]

  private static func file(_ name: String, in folder: String) -> String? {
    guard !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else { return nil }
    let paths = [name] + (name.firstIndex(of: "_").map { ["\(name[..<$0])/\(name)"] } ?? [])
    for path in paths {
      for ending in endings {
        let file = "\(folder)/\(path)\(ending)"
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), !isFolder.boolValue { return file }
      }
    }
    return nil
  }

  init(files: [String]) { self.files = files }

  func picture(_ index: Int) throws(DreamError) -> Picture {
    guard let bytes = try? MappedFile(files[index]).withBytes({ Array($0) }),
      let image = try? DecodedImage.decode(bytes), image.width > 0, image.height > 0
    else {
      throw .mismatch(at: files[index], expected: "a picture of what was shown", found: "something else")
    }
    return Picture(width: image.width, height: image.height, pixels: image.rgb)
  }
}
