/// "1 byte", "3 bytes", "2 patches".
/// - plural: where it is not the word with an s.
package func counted(_ count: Int, _ thing: String, plural: String? = nil) -> String {
  "\(count) \(count == 1 ? thing : plural ?? thing + "s")"
}
