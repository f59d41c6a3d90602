/** Said elsewhere of other programs; nobody has measured it here, and no source of it was found. */
export const QUOTED_SHARES: readonly (readonly [name: string, share: string, source: string])[] = [
  ["CrewAI (default)", "15-25%", "CrewAI case studies, 2025"],
  ["AutoGen multi-agent chat", "20-30%", "Microsoft Research, 2024"],
  ["LangGraph with LLM router", "10-20%", "LangChain benchmarks"],
];
