"""Machine-checked proofs of the results: one module per result, run with ``python -m proofs_check``.

Each module has ``STATEMENT``, ``SOURCE``, ``CLAIMS`` (the facts that its steps assert) and ``check(claims=CLAIMS)``, which
returns the steps.  Floating point decides nothing: steps are symbolic identities and inequalities, or exact arithmetic.
"""
