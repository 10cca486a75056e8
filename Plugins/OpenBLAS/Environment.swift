import Glibc

/// The process's environment, for the settings that OpenBLAS reads once, while it is loaded.
enum Environment {
  /// nil for a variable that is missing or empty; OpenBLAS does not tell the two apart either.
  static func value(of name: String) -> String? {
    guard let found = getenv(name) else { return nil }
    let value = String(cString: found)
    return value.isEmpty ? nil : value
  }

  /// Runs `body` with the given variables set and puts the old ones back, so that programs started later by this
  /// process do not inherit a choice that was made for this one.
  static func with<Result>(_ settings: [(name: String, value: String)], _ body: () -> Result) -> Result {
    let before = settings.map { (name: $0.name, value: getenv($0.name).map { String(cString: $0) }) }
    for setting in settings { setenv(setting.name, setting.value, 1) }
    defer {
      for old in before {
        if let value = old.value { setenv(old.name, value, 1) } else { unsetenv(old.name) }
      }
    }
    return body()
  }
}
