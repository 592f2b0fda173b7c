import { defineConfig } from "vitest/config";

/**
 * Tests run the sources (export condition "source"), so nothing need be built except where a test starts a process.
 * `npm run test:long` sets PLUMBLINE_PROFILE=long, which adds the files named *.long.test.ts.
 */
const long = process.env["PLUMBLINE_PROFILE"] === "long";

export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", ...(long ? [] : ["**/*.long.test.ts"])],
    pool: "forks",
    // Two cores are what continuous integration has; suites that start processes need the second one themselves.
    maxWorkers: 2,
    testTimeout: long ? 600_000 : 60_000,
    hookTimeout: 120_000,
    // No test may depend on the person who runs it.
    unstubEnvs: true,
    restoreMocks: true,
  },
});
