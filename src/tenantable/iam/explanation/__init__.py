"""Why a request is allowed or denied, what came nearest to allowing it, and the smallest grant that would."""
