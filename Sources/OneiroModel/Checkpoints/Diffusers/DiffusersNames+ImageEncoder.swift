extension DiffusersNames {
  /// The names of a CLIP image encoder, `CLIPVisionModelWithProjection`. DreamDiffusion keeps one as it is.
  public static let imageEncoder: DiffusersNames = {
    var names = DiffusersNames()
    for module in ["vision_model", "visual_projection"] { names.add(module, "image_embedder.transformer.\(module)") }
    return names
  }()
}
