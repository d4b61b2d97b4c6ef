import { defineConfig } from 'vitest/config'

// `WINDTUNNEL_LONG=1` (npm run check) adds the long live tests; without it they are listed as skipped with their reason.
export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'runs/**'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
