// Test runner: unit tests beside the code, cross-folder tests in test/; the run ends with a countable line.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import type { Reporter, TestModule } from "vitest/node";

/** Prints `N passed, N failed` last. Files that do not load and stray errors count as failures. */
class TallyReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, strayErrors: ReadonlyArray<unknown>): void {
    let passed = 0;
    let failed = strayErrors.length;
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") passed += 1;
        if (state === "failed") failed += 1;
      }
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
    }
    console.log(`${passed} passed, ${failed} failed`);
  }
}

export default defineConfig({
  test: {
    environment: "node",
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/runs/**", "**/out/**"],
    // Vitest leaves one processor free; most of the time here goes into single-threaded work, and the runs have to stay short.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", new TallyReporter()],
  },
});
