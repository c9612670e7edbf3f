"""What there is: parameters, regimes, columns, codes and the arrays of the state, each declared once."""
