"""Results, views and errors as lines and as documents, once for every host."""
