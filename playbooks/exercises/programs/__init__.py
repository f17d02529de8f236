"""How each program writes its log: one module a program, one function a line."""
