import OneiroGraph

/// The result for machines.
public enum EvaluationDocument {
  /// - facts: how it was made.
  public static func json(_ result: EvaluationResult, facts: [(key: String, value: JSONValue)]) -> JSONValue {
    let book = result.book
    let conditions = book.conditions.map { condition in
      let scores = book.measures.map { measure -> (String, JSONValue) in
        var members = book.estimate(condition, measure).map(members) ?? []
        if condition != book.main {
          members.append(
            ("advantage", book.advantage(over: condition, measure).map { .object(self.members($0)) } ?? .null))
          members.append(("beaten", book.beats(condition, measure).map(JSONValue.bool) ?? .null))
        }
        return (measure.key, .object(members))
      }
      return JSONValue.object([
        ("name", .string(condition.rawValue)), ("title", .string(book.title(condition))), ("scores", .object(scores)),
      ])
    }
    return .object([
      ("verdict", verdict(result.verdict)), ("trials", .int(book.trialCount)), ("stimuli", .int(book.unitCount)),
      (
        "measures",
        .array(
          book.measures.map { measure in
            .object([
              ("name", .string(measure.key)), ("title", .string(measure.title)),
              ("larger_is_better", .bool(measure.isBetterWhenLarger)),
              ("chance", measure.chance.map(JSONValue.number) ?? .null),
            ])
          })
      ), ("conditions", .array(conditions)), ("verdicts", .array(result.verdicts.map(verdict))),
      ("fid", .object(result.frechet.map { ($0.condition.rawValue, .number($0.distance)) })),
      (
        "classes",
        .array(
          result.classes.map {
            .object([("class", .int($0.number)), ("trials", .int($0.trials)), ("score", .number($0.score))])
          })
      ), ("split", result.split.map(split) ?? .null), ("remarks", .array(result.remarks.map(JSONValue.string))),
      ("run", .object(facts)),
    ])
  }

  private static func members(_ estimate: Estimate) -> [(String, JSONValue)] {
    [
      ("mean", .number(estimate.mean)), ("low", .number(estimate.low)), ("high", .number(estimate.high)),
      ("trials", .int(estimate.count)),
    ]
  }

  private static func verdict(_ verdict: Verdict) -> JSONValue {
    .object([
      ("outcome", .string(verdict.outcome.rawValue)), ("measure", .optional(verdict.measure?.key)),
      ("not_beaten", .array(verdict.notBeaten.map { .string($0.rawValue) })), ("text", .string(verdict.text)),
    ])
  }

  private static func split(_ split: SplitCheck) -> JSONValue {
    .object([
      ("leaks", .bool(!split.leaks.isEmpty)), ("text", .string(split.text)),
      (
        "findings",
        .array(
          split.findings.map {
            .object([("kind", .string($0.kind)), ("shared", .int($0.shared)), ("trials", .int($0.total))])
          })
      ),
    ])
  }
}
