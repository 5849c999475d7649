"""In which numbers: namespaces that a formula is read in, quadratic fields, polynomials, exact steps of proofs."""
