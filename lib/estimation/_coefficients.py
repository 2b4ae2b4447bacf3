"""What follows from coefficients, their covariance and the law of their t statistics."""

import numpy as np
import pandas as pd
from scipy import stats

LEVELS = {"***": 0.01, "**": 0.05, "*": 0.10}


class Coefficients:
    """Errors, tests and intervals of an estimate that has `params` and `cov`."""

    @property
    def law(self):
        """Distribution of the t statistics: the normal one, unless an estimate says otherwise."""
        return stats.norm

    @property
    def std_errors(self) -> pd.Series:
        """Square roots of the diagonal of the covariance."""
        return pd.Series(np.sqrt(np.diag(self.cov)), self.params.index)

    @property
    def tstats(self) -> pd.Series:
        """Coefficients over their standard errors."""
        return self.params / self.std_errors

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values by the `law`."""
        return pd.Series(2 * self.law.sf(self.tstats.abs()), self.params.index)

    @property
    def stars(self) -> pd.Series:
        """One star at 10 %, two at 5 %, three at 1 %."""
        return self.pvalues.map(lambda p: next((s for s, at in LEVELS.items() if p < at), ""))

    def conf_int(self, level: float = 0.95) -> pd.DataFrame:
        """Return the columns ``low`` and ``high`` of the confidence intervals."""
        reach = self.law.ppf((1 + level) / 2) * self.std_errors
        return pd.DataFrame({"low": self.params - reach, "high": self.params + reach})
