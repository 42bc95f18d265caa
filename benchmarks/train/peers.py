"""The linear solvers: what each is called in tables, how it is asked, and where it takes part."""
import collections

# Tolerances stand from loose to tight: the first whose objective is near enough is the cheapest. `binary`: it has no
# softmax. `threaded`: more threads change anything.
Solver = collections.namedtuple("Solver", "name tolerances binary threaded")

ROOST = "roost"
SOLVERS = {
    ROOST: Solver(None, (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7), False, True),
    "scikit-learn lbfgs": Solver("lbfgs", (1e-4, 1e-5, 1e-6, 1e-7), False, True),
    "scikit-learn newton-cg": Solver("newton-cg", (1e-3, 1e-4, 1e-5, 1e-6), False, True),
    "scikit-learn newton-cholesky": Solver("newton-cholesky", (1e-2, 1e-3, 1e-4, 1e-5), False, True),
    "scikit-learn saga": Solver("saga", (1e-3, 1e-4, 1e-5), False, False),
    "LIBLINEAR": Solver("liblinear", (1e-1, 1e-2, 1e-3, 1e-4, 1e-5), True, False),
    "Vowpal Wabbit": Solver("vowpal_wabbit", (1e-4, 1e-5, 1e-6, 1e-7), True, False),
}

# This one's Hessian is a dense matrix: of spam's 40,356 words 13 GB, and more than that to solve it.
WHOLE_HESSIAN, MOST_FEATURES = "scikit-learn newton-cholesky", 10_000
LEFT_OUT = {"left_out": "left out: its Hessian does not fit into memory"}
