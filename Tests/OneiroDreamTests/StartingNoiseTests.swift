import OneiroDream
import OneiroGraph
import Testing

@Suite struct StartingNoiseTests {
  @Test func aSeedDrawsAllPicturesAtOnce() throws {
    var generator = TorchGenerator(seed: 9)
    let noise = try StartingNoise.seed(9).tensor(count: 2, latentDims: [4, 3, 3])
    #expect(noise.dims == [2, 4, 3, 3])
    #expect(noise.elements(of: Float.self) == generator.randn(72))
  }

  @Test func givenNoiseMustFit() throws {
    let tensor = Tensor([1, 2, 3, 4] as [Float], dims: [1, 2, 2])
    let given = StartingNoise.given(tensor, source: "noise.npy")
    #expect(try given.tensor(count: 1, latentDims: [1, 2, 2]).dims == [1, 1, 2, 2])
    let error = #expect(throws: DreamError.self) { try given.tensor(count: 2, latentDims: [1, 2, 2]) }
    #expect(
      error?.description == "noise.npy: expected float[2,1,2,2] for 2 pictures, found float[1,2,2]")
    let nan = StartingNoise.given(Tensor([1, .nan] as [Float], dims: [1, 2, 1, 1]), source: "noise.npy")
    let bad = #expect(throws: DreamError.self) { try nan.tensor(count: 1, latentDims: [2, 1, 1]) }
    #expect(bad?.description == "noise.npy: element 1: expected a finite number, found nan")
  }
}
