// Student's t, two-sided 95 %: how many standard errors an interval reaches to each side.

/** For 1 to 30 degrees of freedom. */
const quantiles = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
]

/**
 * The 97.5 % quantile for `freedom` degrees of freedom, 1 and up; a fraction is rounded down, which errs to the wide side.
 * Beyond 30 the normal one, 1.96, is near enough.
 */
export function studentT(freedom: number): number {
  return quantiles[Math.floor(freedom) - 1] ?? 1.96
}
