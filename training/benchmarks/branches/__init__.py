"""Which branches the tests take, and why the others are not taken."""
