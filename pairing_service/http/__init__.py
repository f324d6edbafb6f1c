"""How the service speaks HTTP: parameters, errors, pages, ids and times. Nothing of the domain.

Everything that a Canvas client may compare is from the wire contract, section 1.
"""
