// Lint rules: typescript-eslint's type-checked set, with the few exceptions told beside their reasons.
import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "**/node_modules/",
      "**/dist/",
      "runs/",
      "out/",
      "models/",
      ".venv/",
      "**/generated/",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      eqeqeq: "error",
      // Numbers and bigints print unambiguously, and shapes and steps fill most messages.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // A leading underscore marks a parameter that an interface demands and the body does not need;
      // naming a property beside a rest is how the rest is told to leave it out.
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      // An async function without await is how an interface of promises is met by ready values.
      "@typescript-eslint/require-await": "off",
    },
  },
  {
    // Tests are left out: a describe block is one function, as long as its cases together.
    files: ["{src,scripts,bench,examples}/**/*.{js,ts}"],
    ignores: ["**/*.test.ts"],
    rules: {
      "max-lines-per-function": ["error", { max: 40, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // Plain JavaScript (this file) has no type information.
    files: ["**/*.js"],
    extends: [tseslint.configs.disableTypeChecked],
  },
);
