"""Two weeks of a made-up forum, to look at and to try things on: `manage.py demo_data`.

What is made goes the way that everything goes (submitted, judged by the models in use, answered,
appealed against), only that the clock is told; nothing of it is in the path that serves posts.
"""
