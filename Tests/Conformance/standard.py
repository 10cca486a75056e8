"""Writes Sources/OneiroOps/Support/StandardOperators.swift: which operators ONNX has, and since when.

    .peers/bin/python Tests/Conformance/standard.py Sources/OneiroOps/Support/StandardOperators.swift

With the package that newest.txt pins, which Tests/Conformance/newest.sh installs.
"""

import argparse
import collections
import pathlib

import onnx

HEAD = '''import OneiroGraph

/// The operators of the standard as of the onnx package {version}, and the versions of their domains in which each got
/// the meaning that it has from then on. Made by Tests/Conformance/standard.py.
public enum StandardOperators {{
  public static let package = "onnx {version}"

  /// A domain begins with its name and a colon. A last version that says only that the operator is gone is left out.
  private static let text = """
'''
TAIL = '''    """

  /// In the order of their domains and names.
  public static let all: [(op: OpIdentifier, versions: [Int])] = {{
    var domain = ""
    return text.split(separator: "\\n").compactMap {{ line in
      if line.hasSuffix(":") {{
        domain = String(line.dropLast())
        return nil
      }}
      let words = line.split(separator: " ")
      return (OpIdentifier(String(words[0]), domain: domain), words.dropFirst().compactMap {{ Int($0) }})
    }}
  }}()
}}
'''.format()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=pathlib.Path)
    domains = collections.defaultdict(lambda: collections.defaultdict(set))
    for schema in onnx.defs.get_all_schemas_with_history():
        newest = onnx.defs.get_schema(schema.name, domain=schema.domain).since_version
        if not (schema.deprecated and schema.since_version == newest):
            domains[schema.domain][schema.name].add(schema.since_version)
    lines = []
    for domain, operators in sorted(domains.items()):
        lines.append(f"{domain or 'ai.onnx'}:")
        for name, versions in sorted(operators.items()):
            lines.append(f"{name} {' '.join(str(version) for version in sorted(versions))}")
    body = "".join(f"    {line}\n" for line in lines)
    text = HEAD.format(version=onnx.__version__) + body + TAIL
    parser.parse_args().file.write_text(text)


if __name__ == "__main__":
    main()
