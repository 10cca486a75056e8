/// How a page looks.
enum HTML {
  static let style = """
    :root { color-scheme: light dark; --ink: #1c2024; --soft: #60646c; --line: #d9d9e0; --page: #fcfcfd; --card: #fff;
      --main: #0b68cb; --good: #18794e; --bad: #c62a2f; --good-page: #e9f9ee; --bad-page: #ffefef; }
    @media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --soft: #a1a6ad; --line: #3a3d42; --page: #111113;
      --card: #18191b; --main: #70b8ff; --good: #63c174; --bad: #ff8589; --good-page: #113123; --bad-page: #3b1219; } }
    body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 1080px;
      margin: 2rem auto; padding: 0 1rem; }
    h1, h2, p { overflow-wrap: anywhere; } h1 { font-size: 1.6rem; margin-bottom: .3rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
    p.soft, .soft { color: var(--soft); }
    .verdict { border-left: 5px solid; padding: .8rem 1rem; border-radius: 4px; font-size: 1.05rem; margin: .8rem 0; }
    .good { border-color: var(--good); background: var(--good-page); }
    .bad { border-color: var(--bad); background: var(--bad-page); }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
    th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
    th { white-space: normal; vertical-align: bottom; }
    th:first-child, td:first-child { text-align: left; } th { font-weight: 600; color: var(--soft); }
    td small { color: var(--soft); display: block; font-weight: 400; } td.miss { color: var(--bad); font-weight: 600; }
    td.own { color: var(--main); font-weight: 600; }
    .plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(400px, 100%), 1fr)); gap: 1rem; }
    figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .7rem; }
    figcaption { font-weight: 600; margin-bottom: .3rem; } svg { width: 100%; height: auto; display: block; }
    svg text { font: 11.5px system-ui, sans-serif; fill: var(--ink); text-anchor: end; }
    svg text.tick { fill: var(--soft); text-anchor: middle; font-size: 10.5px; }
    svg .grid { stroke: var(--line); } svg .chance { stroke: var(--soft); stroke-dasharray: 4 3; }
    svg .main line { stroke: var(--main); stroke-width: 3; } svg .main circle { fill: var(--main); }
    svg .control line { stroke: var(--soft); stroke-width: 2; } svg .control circle { fill: var(--soft); }
    svg rect.bar { fill: var(--main); } svg rect.rest { fill: var(--line); }
    .pictures td, .pictures th { text-align: center; padding: .25rem .35rem; border: 0; font-size: .85rem; }
    .pictures img { width: 104px; height: 104px; object-fit: contain; display: block; image-rendering: pixelated;
      border-radius: 3px; background: #8884; }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; } dt { color: var(--soft); }
    dd { margin: 0; overflow-wrap: anywhere; }
    """
}
