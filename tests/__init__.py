"""How we know that icp-ml does what it says; README.md beside this file says which proof lives where."""
