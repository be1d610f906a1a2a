"""One module per page of the light table, named as static/pages/<name>.js."""
