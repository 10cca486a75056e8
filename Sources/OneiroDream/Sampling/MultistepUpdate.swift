import Glibc

/// One step of a multi-step solver that works on clean estimates, as what its terms are multiplied with:
///
///     x' = sample * x + newest * m0 + older * m1,        m = (x - noise * epsilon) / clean
///
/// where m0 is the clean estimate at the level that the step starts from, and m1 the one before.
struct MultistepUpdate {
  let sample: Float, newest: Float, older: Float

  /// DPM-Solver++(2M) in its midpoint form (Lu and others 2022, arXiv 2211.01095), and the predictor of UniPC of order
  /// 2 with B(h) = e^h - 1 (Zhao and others 2023, arXiv 2302.04867), which comes to the same:
  ///
  ///     x' = (n' / n) x - c' (e^-h - 1) (m0 + (m0 - m1) / 2r),      r = h_before / h
  ///
  /// with c, n the scales of the clean signal and the noise, and h the difference of the logarithms of c / n.
  /// - index: which step.
  /// - order: 1 leaves the older estimate out.
  init(_ levels: NoiseLevels, step index: Int, order: Int) {
    let (here, next) = (levels.scales(index), levels.scales(index + 1))
    let h = levels.logRatio(index + 1) - levels.logRatio(index)
    let weight = -next.clean * expm1(-h)
    let slope = order < 2 ? 0 : 0.5 * h / (levels.logRatio(index) - levels.logRatio(index - 1))
    sample = Float(next.noise / here.noise)
    newest = Float(weight * (1 + slope))
    older = Float(-weight * slope)
  }
}
