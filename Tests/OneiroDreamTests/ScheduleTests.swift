import OneiroDream
import OneiroGraph
import Testing

@Suite struct ScheduleTests {
  /// What the original system computed, bit for bit.
  @Suite struct Recorded {
    private let recorded: [String: Tensor]
    private let schedule: NoiseSchedule
    init() throws {
      recorded = try Golden.load("schedule")
      schedule = try NoiseSchedule(.scaledLinear, betaStart: 0.00085, betaEnd: 0.012, trainSteps: 1000)
    }

    @Test func tables() throws {
      #expect(schedule.betas == (try #require(recorded["f64.betas"])).elements(of: Double.self))
      #expect(schedule.alphasCumprod == (try #require(recorded["f64.alphas_cumprod"])).elements(of: Double.self))
    }

    @Test(arguments: [5, 7, 8, 10, 20, 25, 50, 100, 200, 250, 500])
    func timesteps(steps: Int) throws {
      let expected = try #require(recorded["uniform.\(steps).timesteps"]).elements(of: Int64.self)
      #expect(try Timesteps.uniform(steps: steps, trainSteps: 1000).map(Int64.init) == expected)
    }

    @Test(arguments: [8, 50, 250])
    func coefficients(steps: Int) throws {
      func floats(_ name: String) throws -> [Float] {
        let tensor = try #require(recorded["uniform.\(steps).ddim_\(name)"])
        return tensor.elementType == .float64
          ? tensor.elements(of: Double.self).map(Float.init) : tensor.elements(of: Float.self)
      }
      let table = try SamplingTable(schedule, steps: steps, eta: 1).steps.reversed()
      #expect(table.map(\.clean) == (try floats("alphas")).map { $0.squareRoot() })
      #expect(table.map(\.noise) == (try floats("sqrt_one_minus_alphas")))
      #expect(table.map(\.nextClean) == (try floats("alphas_prev")).map { $0.squareRoot() })
      #expect(table.map(\.sigma) == (try floats("sigmas_eta1")))
    }
  }

  @Test func timestepsAreSpacedEvenlyFromOne() throws {
    #expect(try Timesteps.uniform(steps: 5, trainSteps: 1000) == [1, 201, 401, 601, 801])
    #expect(try Timesteps.uniform(steps: 7, trainSteps: 1000).count == 8)
    #expect(try Timesteps.uniform(steps: 1, trainSteps: 1000) == [1])
  }

  /// A spacing that divides 999 puts the last timestep at 1000, past a table of 1000.
  @Test(arguments: [
    (3, "2 or 4"), (9, "8 or 10"), (27, "26 or 28"), (36, "35 or 38"), (37, "35 or 38"), (101, "100 or 112"),
    (111, "100 or 112"), (251, "250 or 334"), (300, "250 or 334"), (333, "250 or 334"), (501, "500"), (999, "500"),
    (1000, "500"),
  ])
  func stepCountsThatRunPastTheTableAreRefused(steps: Int, nearest: String) {
    let error = #expect(throws: DreamError.self) { try Timesteps.uniform(steps: steps, trainSteps: 1000) }
    #expect(
      error?.description
        == "steps: expected \(nearest), found \(steps), with which a timestep of 1000 would lie past the schedule's table of 1000"
    )
  }

  @Test(arguments: [-1, 0, 1001, Int.max, Int.min])
  func stepCountsOutsideTheTableAreRefused(steps: Int) {
    let error = #expect(throws: DreamError.self) { try Timesteps.uniform(steps: steps, trainSteps: 1000) }
    #expect(error?.description == "steps: expected 1 ... 1000, found \(steps)")
  }

  @Test func linearVariancesAreSpacedEvenly() throws {
    let schedule = try NoiseSchedule(.linear, betaStart: 0.25, betaEnd: 0.75, trainSteps: 3)
    #expect(schedule.betas == [0.25, 0.5, 0.75])
    #expect(schedule.alphasCumprod == [0.75, 0.375, 0.09375])
  }

  @Test func constantsThatMakeNoScheduleAreRefused() {
    let count = #expect(throws: DreamError.self) {
      try NoiseSchedule(.linear, betaStart: 0.1, betaEnd: 0.2, trainSteps: 0)
    }
    #expect(count?.description == "noise schedule: train_steps: expected 1 ... 1000000, found 0")
    let beta = #expect(throws: DreamError.self) {
      try NoiseSchedule(.linear, betaStart: 0.1, betaEnd: .nan, trainSteps: 10)
    }
    #expect(beta?.description == "noise schedule: beta_end: expected a number between 0 and 1, found nan")
  }

  @Test func theLeadingTimestepsAreAsManyAsAskedFor() throws {
    #expect(try Timesteps.leading(steps: 7, trainSteps: 1000) == [1, 143, 285, 427, 569, 711, 853])
    #expect(try Timesteps.leadingAboveLowest(steps: 4, trainSteps: 1000) == [201, 401, 601, 801])
  }

  @Test(arguments: [
    (SamplerKind.euler, 0, "expected 1 ... 1000, found 0"), (.eulerAncestral, 1001, "expected 1 ... 1000, found 1001"),
    (
      .euler, 1000,
      "expected 999, found 1000, with which a timestep of 1000 would lie past the schedule's table of 1000"
    ),
    (.dpmpp2M, 1000, "expected 1 ... 999, found 1000"), (.unipc, Int.max, "expected 1 ... 999, found \(Int.max)"),
    (
      .unipc, 999,
      "expected 998, found 999, with which a timestep of 1000 would lie past the schedule's table of 1000"
    ),
    (.dpmpp2MKarras, -1, "expected 1 ... 1000, found -1"),
    (.dpmpp2MKarras, Int.max, "expected 1 ... 1000, found \(Int.max)"),
  ])
  func stepCountsThatFitNoSamplerAreRefused(kind: SamplerKind, steps: Int, message: String) throws {
    let schedule = try NoiseSchedule(.scaledLinear, betaStart: 0.00085, betaEnd: 0.012, trainSteps: 1000)
    let error = #expect(throws: DreamError.self) { try kind.makeSampler(schedule, steps: steps, count: 0) }
    #expect(error?.description == "steps: \(message)")
  }

  @Test(arguments: [SamplerKind.euler, .dpmpp2M, .dpmpp2MKarras, .unipc])
  func schedulesWithoutSignalOrNoiseAreRefused(kind: SamplerKind) throws {
    let drowned = try NoiseSchedule(.linear, betaStart: 0.99, betaEnd: 0.99, trainSteps: 1000)
    let signal = #expect(throws: DreamError.self) { try kind.makeSampler(drowned, steps: 4, count: 0) }
    #expect(signal?.description.hasPrefix("noise schedule: expected some signal and some noise at every step") == true)
  }

  @Test func twoTimestepsAtOneLevelAreRefused() throws {
    let still = try NoiseSchedule(.linear, betaStart: 0.5, betaEnd: 1e-300, trainSteps: 2)
    let error = #expect(throws: DreamError.self) { try NoiseLevels(still, at: [0, 1]) }
    #expect(
      error?.description == "noise schedule: expected less noise at every lower timestep, found 1.0 and then 1.0")
  }

  @Test(arguments: SamplerKind.allCases.filter { $0 != .ddim }) func onlyDDIMTakesEta(kind: SamplerKind) throws {
    let schedule = try NoiseSchedule(.scaledLinear, betaStart: 0.00085, betaEnd: 0.012, trainSteps: 1000)
    let error = #expect(throws: DreamError.self) { try kind.makeSampler(schedule, steps: 50, eta: 0.5, count: 1) }
    #expect(error?.description == "eta: expected 0 because the sampler is \(kind.rawValue), found 0.5")
  }

  @Test func anUnknownSamplerIsAnsweredWithAllNames() {
    let name = #expect(throws: DreamError.self) { try SamplerKind(named: "heun") }
    #expect(
      name?.description
        == "sampler: expected plms, ddim, euler, euler_ancestral, dpmpp_2m, dpmpp_2m_karras or unipc, found \"heun\"")
  }
}
