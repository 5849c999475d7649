"""Points on spheres: are they congruent, what are their symmetries, how are they read?"""
