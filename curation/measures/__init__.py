"""What is computed once per photo or pair and remembered: pixels, keypoints, fingerprints,
neighbours."""
