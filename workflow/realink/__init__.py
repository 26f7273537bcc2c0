"""realink: do rendered images, made to look real, train a better classifier?"""

__version__ = "0.1.0"
