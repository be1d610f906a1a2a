"""From photo to tensor: preprocessing, augmentation, caches, keypoints."""
