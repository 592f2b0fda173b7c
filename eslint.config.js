import tseslint from "typescript-eslint";

/**
 * Only the four rules that need types. Everything else is Biome's: it is faster, and one tool a rule keeps the
 * suppressions in one language. Why not Biome's own floating-promise rule alone: docs/decisions.
 */
export default tseslint.config(
  {
    ignores: [
      "**/dist/**",
      "**/node_modules/**",
      "**/*.mjs",
      "**/*.cjs",
      "**/*.js",
      "**/cdk.out/**",
      "**/.plumbline/**",
    ],
  },
  {
    files: ["{twin,edge-agent,cloud,simulators}/src/**/*.ts", "test/**/*.ts"],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: {
        // One program for everything: five would check the sources twice.
        project: ".config/tsconfig.lint.json",
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    plugins: { "@typescript-eslint": tseslint.plugin },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/only-throw-error": "error",
    },
  },
);
